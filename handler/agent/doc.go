// Package agent has the handler of jobs with handler_type agent: it gives the task to an
// agent of the type that lives and has capacity, and waits for the reply.
//
// An agent is reached by HTTP, where it answers the request or takes it (202) and replies
// later, or by a Redis stream. Either way it gets the same fields, docs/agents.md has
// them; among them a deadline, and a reply token, unguessable and new for each attempt. A
// reply with another token, a second one, or one that comes late changes nothing: nobody
// waits for it any more. That it settles the execution is the executor's work, under the
// fencing token, as with any handler.
//
// When the run is stopped or its time is over, the task is withdrawn and the agent is
// told. Failures have these classes:
//
//	agent_unavailable  no agent of the type was free in time
//	agent_lost         the agent stopped giving signs of life, or lost the task; not
//	                   retried when the job's on_lost is fail
//	agent_failed       the agent says that it failed; permanent if it says so
//	agent_line         the task could not be handed over
//	http_NNN, …        as of package httpcall
package agent
