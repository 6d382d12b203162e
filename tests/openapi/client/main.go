//go:build generated

// Command client is a user of the API whose client was generated from its description:
// it creates, lists and cancels a job on the socket that it is given.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/agentic-sdlc/scheduler/tests/openapi/generated"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, socket string) error {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	c, err := generated.NewClientWithResponses("http://schedd", generated.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: dial}}))
	if err != nil {
		return err
	}
	made, err := c.CreateCronJobWithResponse(ctx, nil, body())
	if err != nil {
		return err
	}
	if made.JSON201 == nil {
		return fmt.Errorf("create: %s %s", made.Status(), made.Body)
	}
	listed, err := c.ListJobsWithResponse(ctx, &generated.ListJobsParams{Name: &[]string{"generated"}})
	if err != nil {
		return err
	}
	if listed.JSON200 == nil || len(*listed.JSON200) != 1 || (*listed.JSON200)[0].Id != made.JSON201.Id {
		return fmt.Errorf("list: %s %s", listed.Status(), listed.Body)
	}
	cancelled, err := c.CancelJobWithResponse(ctx, "generated", nil, generated.CancelJobJSONRequestBody{})
	if err != nil {
		return err
	}
	if cancelled.StatusCode() != http.StatusNoContent {
		return fmt.Errorf("cancel: %s %s", cancelled.Status(), cancelled.Body)
	}
	after, err := c.GetJobWithResponse(ctx, made.JSON201.Id.String(), nil)
	if err != nil {
		return err
	}
	if after.JSON200 == nil || after.JSON200.Status != "cancelled" {
		return errors.New("get: " + string(after.Body))
	}
	fmt.Printf("accept: a generated client created, listed and cancelled job %s\n", after.JSON200.Name)
	return nil
}

// body is a job that a generated client can express.
func body() generated.CreateCronJobJSONRequestBody {
	return generated.CreateCronJobJSONRequestBody{
		Name: "generated", Schedule: "0 2 * * *", HandlerName: "exec",
		Payload: &map[string]any{"command": []string{"true"}},
	}
}
