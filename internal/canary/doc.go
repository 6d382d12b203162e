// Package canary holds the tests that let a secret nobody has seen before, a canary, into
// every place where schedd and schedctl take one, have everything happen that jobs, alerts,
// callers and operators can make happen, with servers that fail, and then search all that
// is left for each of them: logs, databases, Redis, answers of the API, output of schedctl,
// copies, spans, metrics and messages.
package canary
