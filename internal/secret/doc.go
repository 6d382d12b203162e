// Package secret keeps what must not be told: the values of secrets that the operator
// declared. A Vault puts them in place of the references to them in payloads, secret://NAME,
// for the moment in which a handler runs, and hides them in whatever comes back, plain or
// coded, whoever said it.
package secret
