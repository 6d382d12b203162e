package openapi

import "github.com/pb33f/libopenapi-validator/errors"

// complain tells what does not fit the description.
func (s *schedd) complain(what, method, path string, text []byte, faults []*errors.ValidationError) {
	s.t.Helper()
	for _, f := range faults {
		s.t.Errorf("the %s of %s %s: %s: %s", what, method, path, f.Message, f.Reason)
		for _, at := range f.SchemaValidationErrors {
			s.t.Errorf("  %s: %s", at.FieldPath, at.Reason)
		}
	}
	s.t.Logf("  it is %.600s", text)
}
