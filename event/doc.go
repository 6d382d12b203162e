// Package event decides what events make happen. It is pure: it reads no clock and no
// store, and what it is given is all that conditions and templates can see.
//
// A Rule says: on events of this name, if this condition holds, do that. A Listener is a
// rule, or a job that events make run. Compile prepares one, Matcher holds many, and
// Matcher.Decide says what a batch of events makes all of them do. The store writes the
// acts in the transaction that takes the events away, so that each listener acts once
// for each event.
//
// Conditions and the ${…} of templates are in the language of expr-lang.org, over the
// event alone: "data" is what the event carries, "event" has its id, name, platform, at
// and depth.
package event
