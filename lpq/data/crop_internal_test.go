package data

import (
	"encoding/json"
	"image"
	"math"
	"testing"
)

// TestCropDraw: rectangles lie within the picture; their areas, ratios and places are spread as torchvision spreads them. What is wanted are means over
// 400,000 draws of a transcription of torchvision's RandomResizedCrop.get_params to plain Python (random.seed(0)).
func TestCropDraw(t *testing.T) {
	const draws = 20_000
	for _, tc := range []struct {
		width, height                   int
		area, logRatio, small, fallback float64 // small: share of areas below a quarter; fallback: of tries that all failed
	}{
		{500, 375, 0.43298, 0.03073, 0.24934, 0},
		{640, 200, 0.21555, 0.04942, 0.67435, 0.04926},
	} {
		crop := ImageNetAugment.Crop
		var area, logRatio, small, fallback, left, top float64
		for i := range draws {
			random := newStream(1, purposeAugment, 2, uint64(i))
			r := crop.draw(&random, tc.width, tc.height)
			if r.Empty() || !r.In(image.Rect(0, 0, tc.width, tc.height)) {
				t.Fatalf("drew %v", r)
			}
			share := float64(r.Dx()*r.Dy()) / float64(tc.width*tc.height)
			area, logRatio = area+share, logRatio+math.Log(float64(r.Dx())/float64(r.Dy()))
			if share < 0.25 {
				small++
			}
			if r == crop.centre(tc.width, tc.height) {
				fallback++
			}
			left += (float64(r.Min.X) + 0.5) / float64(tc.width-r.Dx()+1)
			top += (float64(r.Min.Y) + 0.5) / float64(tc.height-r.Dy()+1)
		}
		for _, check := range []struct {
			what            string
			sum, want, most float64 // most: four standard errors
		}{
			{"area", area, tc.area, 0.007}, {"logarithm of the ratio", logRatio, tc.logRatio, 0.005}, {"small areas", small, tc.small, 0.013},
			{"fallback", fallback, tc.fallback, 0.006}, {"left", left, 0.5, 0.009}, {"top", top, 0.5, 0.009},
		} {
			if got := check.sum / draws; math.Abs(got-check.want) > check.most {
				t.Errorf("%dx%d, %s: got %.4f, want %.4f", tc.width, tc.height, check.what, got, check.want)
			}
		}
	}
}

// TestCropFallback: what fits nowhere becomes the largest rectangle in the centre.
func TestCropFallback(t *testing.T) {
	for _, tc := range []struct {
		name          string
		width, height int
		want          image.Rectangle
	}{
		{"wide", 1000, 10, image.Rect(493, 0, 506, 10)}, // 10 * 4/3 = 13.3
		{"high", 10, 1000, image.Rect(0, 493, 10, 506)}, // 10 / (3/4) = 13.3
		{"one pixel high", 300, 1, image.Rect(149, 0, 150, 1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			crop := ImageNetAugment.Crop
			if got := crop.centre(tc.width, tc.height); got != tc.want {
				t.Errorf("centre: got %v, want %v", got, tc.want)
			}
			crop.MinArea = 0.9 // no try can fit
			random := newStream(1, purposeAugment, 0, 0)
			if got := crop.draw(&random, tc.width, tc.height); got != tc.want {
				t.Errorf("draw: got %v, want %v", got, tc.want)
			}
		})
	}
	whole := image.Rect(0, 0, 90, 100)
	if got := ImageNetAugment.Crop.centre(90, 100); got != whole {
		t.Errorf("a ratio in range: got %v, want %v", got, whole)
	}
}

func TestCropValidate(t *testing.T) {
	for _, tc := range []struct {
		name string
		crop RandomCrop
		want bool
	}{
		{"none", RandomCrop{}, true},
		{"ImageNet's", ImageNetAugment.Crop, true},
		{"no area", RandomCrop{0, 1, 1, 1}, false},
		{"areas the wrong way round", RandomCrop{0.5, 0.4, 1, 1}, false},
		{"area above 1", RandomCrop{0.5, 1.1, 1, 1}, false},
		{"no ratio", RandomCrop{0.5, 1, 0, 1}, false},
		{"ratios the wrong way round", RandomCrop{0.5, 1, 2, 1}, false},
		{"infinite ratio", RandomCrop{0.5, 1, 1, math.Inf(1)}, false},
		{"not a number", RandomCrop{math.NaN(), 1, 1, 1}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.crop.Validate(); (err == nil) != tc.want {
				t.Errorf("got error %v, want valid = %v", err, tc.want)
			}
		})
	}
	both := ImageNetAugment
	both.Pad = 4
	if both.Validate(Shape{224, 224, 3}) == nil {
		t.Error("padding with a resized crop is accepted")
	}
}

// TestAugmentJSON: recipes identify runs, so what was written before there were crops must still be written.
func TestAugmentJSON(t *testing.T) {
	for want, augment := range map[string]Augment{
		`{}`: {}, `{"pad":4,"flip":true}`: CIFARAugment,
		`{"flip":true,"crop":{"min_area":0.08,"max_area":1,"min_ratio":0.75,"max_ratio":1.3333333333333333}}`: ImageNetAugment,
	} {
		if got, err := json.Marshal(augment); err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}
