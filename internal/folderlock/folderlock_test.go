package folderlock_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lowprec/lpnets/internal/folderlock"
)

func TestLock(t *testing.T) {
	dir := t.TempDir()
	never := func() { t.Error("waits for nobody") }
	unlock, alone, err := folderlock.Lock(context.Background(), dir, never)
	if err != nil || !alone {
		t.Fatalf("got alone %v, %v", alone, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := folderlock.Lock(ctx, dir, func() {}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a locked folder: got %v, want an error that names %s", err, dir)
	}
	if _, _, err := folderlock.Try(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a locked folder: got %v, want an error that names %s", err, dir)
	}
	waits := make(chan bool, 1)
	done := make(chan bool)
	go func() {
		second, alone, err := folderlock.Lock(context.Background(), dir, func() { waits <- true })
		if err == nil {
			second()
		}
		done <- alone && err == nil
	}()
	<-waits
	unlock()
	if !<-done {
		t.Error("the second does not get the lock when the first ends")
	}
	third, alone, err := folderlock.Try(dir)
	if err != nil || !alone {
		t.Fatalf("when the second ends: alone %v, %v", alone, err)
	}
	third()
}
