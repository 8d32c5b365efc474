package main

import (
	"fmt"
	"strings"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"
)

// arguments checks that a command gets the arguments it wants, which are named as the user should know them.
func arguments(want ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == len(want):
			return nil
		case len(want) > 0:
			return errors.Errorf("got %d arguments, want %s%s", len(args), strings.Join(want, " and "), seeHelp(cmd))
		case cmd.HasSubCommands():
			return unknownCommand(cmd, args[0])
		}
		return errors.Errorf("unknown argument %q, want flags only%s", args[0], seeHelp(cmd))
	}
}

// atLeastOne checks that a command gets one argument or more, named as the user should know it.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return errors.Errorf("want one %s or more%s", what, seeHelp(cmd))
		}
		return nil
	}
}

// unknownCommand is the error for a command that cmd does not have, with those that it may stand for.
func unknownCommand(cmd *cobra.Command, name string) error {
	hint := ""
	cmd.SuggestionsMinimumDistance = 2 // mistypings
	if similar := cmd.SuggestionsFor(name); len(similar) > 0 {
		hint = fmt.Sprintf(" (do you mean %s?)", strings.Join(similar, ", "))
	}
	return errors.Errorf("unknown command %q%s%s", name, hint, seeHelp(cmd))
}

func seeHelp(cmd *cobra.Command) string { return fmt.Sprintf("; see %s --help", cmd.CommandPath()) }

// newHelp is cobra's help command, but for a command that there is not, which is an error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			switch {
			case err != nil:
				return err
			case len(rest) > 0:
				return unknownCommand(about, rest[0])
			}
			return about.Help()
		},
	}
}

// shellWords joins the words of a command so that a shell reads them as they are.
func shellWords(words []string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_"
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if word == "" || strings.Trim(word, plain) != "" {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
