// Bench measures schedd against its peers and against what it promises. It is a
// module of its own, so that the peers never reach the scheduler's go.mod.
//
//	go run . -all                 every figure: ten minutes or more
//	go run . -quick               the same, smaller: three minutes
//	go run . -run burst,tick      only those parts; -list names them
//	go run . -quick -check        exit status 1 when a bar is missed
//	go run . -all -out raw.json   every sample
//	go run . -compare             PostgreSQL and Redis, against River and asynq
//
// Machines differ and are noisy: what is compared is measured in turn, round by
// round, in one run, and the ratio of each round counts, not the absolute figure.
package main
