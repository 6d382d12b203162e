package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
)

// requests measures what a schedd answers on its socket: reads of a job, and creations
// of jobs, each of which is on the disk when it is answered.
func requests(ctx context.Context, dir string, s size) (figures []Figure, err error) {
	d, err := startLive(ctx, dir, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := d.create(ctx, "stored"); err != nil {
		return nil, err
	}
	one := of(api.RouteJob, "stored")
	reads, err := d.crowdOf(ctx, "a job is read", 8, s.Rounds, s.Asked, 5000, func(int64) error {
		_, err := d.get(ctx, one)
		return err
	})
	if err != nil {
		return nil, err
	}
	creations, err := d.crowdOf(ctx, "a job is created, durably", connections, s.Rounds, s.Asked, 1000, func(n int64) error {
		return d.create(ctx, fmt.Sprintf("created%d", n))
	})
	return append(reads, creations...), err
}

// create creates a job that is not due while anybody looks.
func (d *live) create(ctx context.Context, name string) error {
	_, err := d.ask(ctx, http.MethodPost, api.RouteJobsCron, fmt.Sprintf(
		`{"name":%q,"schedule":"17 3 1 1 *","timezone":"Europe/Berlin","handler_name":"exec","payload":{"command":["backup","--all"]},"max_retries":3,"tags":["nightly"],"description":"One of many."}`, name))
	return err
}

// of fills the hole of a route.
func of(route, ref string) string { return strings.Replace(route, "{id}", url.PathEscape(ref), 1) }
