// Package api is the contract between schedd and its clients: routes, request and
// answer bodies, the error body, and the table from error codes to HTTP statuses.
// Resources are the types of package job themselves; golden files pin their JSON.
package api
