// Package usercache names the folders of the user's cache in which the product keeps what it fetched.
package usercache

import (
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// Dir is the folder <user's cache>/lpnets/<elements>. It need not exist.
func Dir(elements ...string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", errors.Wrap(err, "finding the user's cache folder")
	}
	return filepath.Join(append([]string{dir, "lpnets"}, elements...)...), nil
}
