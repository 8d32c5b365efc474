package tensorboard

import (
	"math"

	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"
)

// Scalar is a point of a curve. TensorBoard groups tags by what stands before the first slash.
type Scalar struct {
	Tag   string
	Value float64 // kept as float32
}

// Event is what an event file holds: scalars of a step, or a note to the reader.
type Event struct {
	WallTime float64 // seconds since 1970
	Step     int64
	Version  string // of the file format, in the first event
	Restart  bool   // events before this one with the same or a later step no longer count
	Scalars  []Scalar
}

// version begins every file; older ones have no restarts.
const version = "brain.Event:2"

// Fields of the messages Event, SessionLog, Summary and Summary.Value.
const (
	eventWallTime, eventStep, eventVersion, eventSummary, eventSessionLog = 1, 2, 3, 5, 7

	sessionStatus, sessionStart = 1, 1

	summaryValue, valueTag, valueSimple = 1, 1, 2
)

// encode is the event as a protocol buffer.
func (e Event) encode() []byte {
	b := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, math.Float64bits(e.WallTime))
	b = protowire.AppendTag(b, eventStep, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(e.Step))
	if e.Version != "" {
		b = appendBytes(b, eventVersion, []byte(e.Version))
	}
	if e.Restart {
		log := protowire.AppendTag(nil, sessionStatus, protowire.VarintType)
		b = appendBytes(b, eventSessionLog, protowire.AppendVarint(log, sessionStart))
	}
	var summary []byte
	for _, s := range e.Scalars {
		value := appendBytes(nil, valueTag, []byte(s.Tag))
		value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
		value = protowire.AppendFixed32(value, math.Float32bits(float32(s.Value)))
		summary = appendBytes(summary, summaryValue, value)
	}
	if len(summary) > 0 {
		b = appendBytes(b, eventSummary, summary)
	}
	return b
}

func appendBytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}

// fields calls use with every field of a message: a number for varint and fixed types, bytes for the others.
func fields(b []byte, use func(field protowire.Number, number uint64, bytes []byte) error) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errors.Wrap(protowire.ParseError(n), "event")
		}
		b = b[n:]
		var number uint64
		var bytes []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			number, n = protowire.ConsumeFixed64(b)
		case protowire.Fixed32Type:
			var short uint32
			short, n = protowire.ConsumeFixed32(b)
			number = uint64(short)
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(field, kind, b)
		}
		if n < 0 {
			return errors.Wrap(protowire.ParseError(n), "event")
		}
		b = b[n:]
		if err := use(field, number, bytes); err != nil {
			return err
		}
	}
	return nil
}

// decode reads an event; fields that this package does not write are passed over.
func decode(b []byte) (e Event, err error) {
	err = fields(b, func(field protowire.Number, number uint64, bytes []byte) error {
		switch field {
		case eventWallTime:
			e.WallTime = math.Float64frombits(number)
		case eventStep:
			e.Step = int64(number)
		case eventVersion:
			e.Version = string(bytes)
		case eventSessionLog:
			return fields(bytes, func(field protowire.Number, number uint64, _ []byte) error {
				e.Restart = e.Restart || field == sessionStatus && number == sessionStart
				return nil
			})
		case eventSummary:
			return fields(bytes, func(field protowire.Number, _ uint64, bytes []byte) error {
				if field != summaryValue {
					return nil
				}
				scalar, err := decodeScalar(bytes)
				e.Scalars = append(e.Scalars, scalar)
				return err
			})
		}
		return nil
	})
	return e, err
}

func decodeScalar(b []byte) (s Scalar, err error) {
	err = fields(b, func(field protowire.Number, number uint64, bytes []byte) error {
		switch field {
		case valueTag:
			s.Tag = string(bytes)
		case valueSimple:
			s.Value = float64(math.Float32frombits(uint32(number)))
		}
		return nil
	})
	return s, err
}
