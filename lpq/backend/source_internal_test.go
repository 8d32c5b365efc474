package backend

import (
	"regexp"
	"strings"
	"testing"
)

func TestSourcesArePinned(t *testing.T) {
	sum := regexp.MustCompile(`^[0-9a-f]{64}$`)
	version := regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)
	for _, s := range Sources() {
		if !version.MatchString(s.Version) || s.File == "" || s.Builder == "" || s.Licence == "" || len(s.SHA256) == 0 {
			t.Errorf("%+v is not complete", s)
		}
		for system := range s.SHA256 {
			for _, w := range append([]Wheel{s.wheel(system)}, s.Needs...) {
				if !sum.MatchString(w.SHA256) || !version.MatchString(w.Version) {
					t.Errorf("%s on %s: %+v is not pinned", s.Name, system, w)
				}
			}
		}
	}
}

func TestPickSource(t *testing.T) {
	for _, c := range []struct{ platform, name, system, want, wantErr string }{
		{platform: "cpu", system: "linux/amd64", want: "lammps-jax-pjrt-cpu"},
		{platform: "cpu", system: "linux/arm64", want: "xla-cpu-pjrt"},
		{platform: "cpu", system: "darwin/arm64", want: goXLA},
		{platform: "cpu", system: "linux/amd64", name: goXLA, want: goXLA},
		{platform: "cpu", system: "linux/amd64", name: "fastatomstruct-xla-cpu", want: "fastatomstruct-xla-cpu"},
		{platform: "cpu", system: "linux/arm64", name: "fastatomstruct-xla-cpu", wantErr: "want xla-cpu-pjrt, go-xla"},
		{platform: "cpu", system: "linux/amd64", name: "jax-cuda13-pjrt", wantErr: "is not known"},
		{platform: "cuda", system: "linux/amd64", want: "jax-cuda13-pjrt"},
		{platform: "cuda", system: "darwin/arm64", wantErr: "no source has a plugin"},
	} {
		got, err := pickSource(c.platform, c.name, c.system)
		if got.Name != c.want || (err == nil) != (c.wantErr == "") || err != nil && !strings.Contains(err.Error(), c.wantErr) {
			t.Errorf("%+v: got %s, %v", c, got.Name, err)
		}
	}
}
