//go:build !(cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64)))

package backend

import "github.com/gomlx/compute"

const xlaLinked = false

func loadXLA(Plugin, string, int) (compute.Backend, error) { return nil, errNoXLA }

func probeXLA(Plugin) (string, []string, error) { return "", nil, errNoXLA }

func canLoad(string) bool { return false }

func putGoXLA(string, InstallOptions) (string, error) { return "", errNoXLA }
