package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq/data"
)

// augmentations are what --augment may be instead of what the recipe says for the data.
var augmentations = map[string]data.Augment{
	"none": {},
	"flip": {Flip: true},
}

// augmentFlag is how training images are changed at random; empty where the user does not say.
type augmentFlag string

func (a *augmentFlag) addFlag(cmd *cobra.Command, byDefault string) {
	cmd.Flags().StringVar((*string)(a), "augment", "",
		"what is changed at random in training images: none, or flip (default: "+byDefault+"; photographs are cropped, resized and mirrored)")
}

func (a *augmentFlag) check() error {
	if _, ok := augmentations[string(*a)]; !ok && *a != "" {
		return errors.Errorf("--augment %q: want %s", *a, strings.Join(slices.Sorted(maps.Keys(augmentations)), ", "))
	}
	return nil
}

// choose is the user's choice, or else the default one.
func (a *augmentFlag) choose(byDefault data.Augment) data.Augment {
	if *a == "" {
		return byDefault
	}
	return augmentations[string(*a)]
}
