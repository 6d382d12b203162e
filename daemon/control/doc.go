// Package control is what operators can do: one method of Service per use case. It
// checks who asks, normalizes and validates what they say, and puts it to the store
// as one transaction. It knows nothing of HTTP.
//
// Every method takes a Call: the caller, the instant, and what the request said
// beside its body. Errors carry a code of package job.
package control
