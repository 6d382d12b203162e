// Package notify tells people: by e-mail, in Slack, or through a webhook of their own.
//
// The operator declares channels, each with a name and a type; a payload names one and
// says who and what, never where to connect:
//
//	{"channel": "email",                       default: "email", or the only one there is
//	 "recipient": "ann@example.org",           also a list; default: the channel's own
//	 "subject": "Ticket {{data.ticket}}",      one line
//	 "message": "Run {{run.number}} of {{job.name}}: {{data.text}}",
//	 "html": "<p>{{data.text}}</p>",           beside the message, for e-mail
//	 "data": {"ticket": "T-1", "text": "…"}}   goes along with webhooks
//
// New makes the built-in "send-notification" of such payloads, Named a handler whose
// texts the operator fixed; its payload is any object.
//
// # Placeholders
//
// {{payload.A.B}} and {{data.A}} stand for members of the payload, {{job.id}},
// {{job.name}}, {{run.id}}, {{run.number}}, {{run.occurrence}}, {{run.attempt}},
// {{run.trigger}}, {{run.scheduled_at}} and {{platform}} for the run. They are replaced in
// one pass: what a value holds is never looked at again. Values are escaped in HTML and
// for Slack; in a subject or an address a value must not hold a line break. What a
// payload lacks is refused when the job is made.
//
// # Outcome
//
// Delivery is at least once: a run that is lost after the server took the message sends
// it again, with the Message-ID, or the Idempotency-Key, that it had. Webhooks are signed
// as Standard Webhooks are. Failures are those of package httpcall, and:
//
//	smtp_connect, smtp_tls, smtp_auth, smtp_network, smtp_busy   may be retried
//	smtp_rejected   the server refused the message or a recipient for good; permanent
//	bad_payload     the payload is not what ValidatePayload accepts; permanent
//	channel_closed  the channel is not for the job's platform; permanent
//
// Secrets of a channel never get into messages, logs or results.
package notify
