// Package backend decides which engine runs the graphs, finds the plugins of XLA and installs them.
//
// XLA is the engine, on the CPU as on the GPU; it comes as a plugin, one file of a few hundred MB, that is loaded at run
// time. GoMLX's pure-Go backend is there by name only, as a second opinion: it is two hundred times slower at
// convolutions.
//
//	b, err := backend.Open(backend.Options{}) // the best at hand; {Config: "xla:cpu"} to choose
//	if errors.Is(err, backend.ErrNoPlugin) {
//		_, err = backend.Install(ctx, "cpu", backend.InstallOptions{Log: os.Stderr}) // once; asks the network
//		…
//	}
//	defer b.Finalize()
//
// Plugins are looked for in the folders of $PJRT_PLUGIN_LIBRARY_PATH, then in <user's cache>/lpnets/plugins, which Install
// fills, then where go-xla's own installer puts them, then in $LD_LIBRARY_PATH. A plugin can be named by its absolute
// path too: "xla:/path/to/plugin.so"; so JAX's, with NVIDIA's libraries beside it, serves from where pip put it.
// Only Install ever asks the network.
//
// # Programs
//
// XLA takes seconds to compile a network. A program that says the same as an earlier one, but for its name, is therefore not
// compiled again: each run of a sweep makes its network anew. 32 programs are kept in memory that nothing uses, besides those
// in use. On Linux with xla:cpu they are kept on disk too, in <user's cache>/lpnets/programs, up to 1 GiB, so that the next process,
// a notebook's next cell, loads in a tenth of the time. They are the same machine code, and so give the same bits.
// The name of a file depends on all that XLA compiles by: program, plugin, processor, number of cores, flags. Programs that call
// oneDNN are compiled by every process: XLA cannot write them down. The environment variable LPQ_PROGRAMS names another
// folder, or is "off".
//
// # Memory
//
// On Linux with glibc a program that contains this package (and XLA: not with the tag noxla) keeps the memory that XLA frees
// for XLA's next step, on huge pages, instead of returning it to the system and faulting it in again at every step.
// See memory_linux.c. The price is memory: the program never becomes smaller than it once was. The environment
// variable LPQ_MALLOC=system switches this off.
//
// # What is not here
//
// The choice of devices for a distributed step (GoMLX's core/distributed), and anything about AMD or TPU plugins except
// that one named pjrt_c_api_rocm_plugin.so is found as "xla:rocm".
package backend
