// Package alerts looks at what alert rules are about, and tells people of what it finds.
//
// Looking is the duty of one node at a time; the store sees to it that two that look at
// once make one alert. What is to be told stands in the store, and any node that has the
// channel takes it for a lease: it is told at least once, under one id, and exactly once
// where nothing crashes. A Pinger tells somebody outside that this node lives.
package alerts
