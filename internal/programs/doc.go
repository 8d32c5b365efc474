// Package programs keeps what XLA compiled: a plugin compiles no program twice, in one process and in the next.
//
// XLA takes seconds to compile a network, and is asked for the same program again and again: by each run of a sweep, which
// makes its network anew, by each cell of a notebook and each command, which are processes of their own.
//
//	plugin, err := pjrt.GetPlugin(path)
//	…
//	programs.Keep(plugin, &programs.Disk{Folder: folder, Environment: environment}) // before its first program
//
// PJRT, the interface of XLA's plugins, can write a program down and load it again, in a tenth of the time that compiling it takes;
// go-xla does not hand that on. So Keep puts itself between the two: it gives go-xla a copy of the plugin's table of functions
// in which the functions that compile and destroy are its own. The file pjrt_c_api.h, which describes the table, is
// OpenXLA's, from go-xla v0.4.5.
package programs
