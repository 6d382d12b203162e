// Package jobfile reads and writes jobs as code: files of YAML or JSON that say which
// jobs there shall be, in the words of the API.
//
//	set := jobfile.Parse("jobs.yaml", text)
//	set.Check(job.StandardDefaults())
//	for _, p := range set.Problems { fmt.Println(p) } // file:line:column: message
//
// A file holds one job, a list of jobs, or several documents of either. Every problem is
// found in one pass and knows its place; so does what a server says later of a field of
// a job (Set.Locate). One table of fields drives the reader, the writer and the JSON
// Schema.
package jobfile
