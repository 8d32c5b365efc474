package download

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestCheckRedirect(t *testing.T) {
	for _, c := range []struct {
		from, to string
		refused  bool
	}{
		{"https://example.org/a", "https://example.com/b", false},
		{"http://example.org/a", "https://example.org/a", false},
		{"http://example.org/a", "http://example.com/b", false},
		{"https://example.org/a", "http://example.org/a", true},
		{"https://example.org/a", "file:///etc/passwd", true},
	} {
		err := checkRedirect(httptest.NewRequest("GET", c.to, nil), []*http.Request{httptest.NewRequest("GET", c.from, nil)})
		if (err != nil) != c.refused {
			t.Errorf("from %s to %s: got %v", c.from, c.to, err)
		}
	}
}
