package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// load is the CPU time that we and our servers have taken.
type load struct{ own, pg, redis time.Duration }

// load reads the clocks. Those of servers tick a hundred times a second.
func (sv *servers) load() load {
	l := load{own: used(syscall.RUSAGE_SELF)}
	if sv == nil {
		return l
	}
	l.pg = family(sv.pg.Pid())
	for _, r := range []int{sv.redis.Pid(), sv.aof.Pid()} {
		own, _, _ := times(r)
		l.redis += own
	}
	return l
}

func (l load) minus(b load) load {
	return load{own: l.own - b.own, pg: l.pg - b.pg, redis: l.redis - b.redis}
}

// family is the CPU time of a process, of its children, and of those that ended.
func family(pid int) time.Duration {
	own, ended, _ := times(pid)
	sum := own + ended
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if own, _, parent := times(child); parent == pid {
			sum += own
		}
	}
	return sum
}

// times reads what a process and its ended children took; zeros when it is gone.
func times(pid int) (own, ended time.Duration, parent int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The name before the last bracket may hold anything.
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(f) < 15 {
		return 0, 0, 0
	}
	var n [4]int64
	for i := range n {
		n[i], _ = strconv.ParseInt(f[11+i], 10, 64)
	}
	const tick = time.Second / 100
	parent, _ = strconv.Atoi(f[1])
	return time.Duration(n[0]+n[1]) * tick, time.Duration(n[2]+n[3]) * tick, parent
}
