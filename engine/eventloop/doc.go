// Package eventloop runs linear code as coroutines on epoll loops.
//
//  1. A Task is a coroutine: code that reads and writes as if it blocked. What it does between two waits runs on the loop that saw
//     the event it waited for; a switch costs a fraction of what waking a goroutine does, because the scheduler has no part in it.
//  2. A Descriptor is a socket that belongs to one loop. Whoever finds nothing to read, or no room to write, waits at it: a Task
//     gives way to its loop, any other goroutine sleeps.
//  3. A loop waits in epoll_wait without giving its processor back to the scheduler (New provides one more for each loop), until
//     it has been idle for a while. Under load that saves most of what Go's own poller costs: the waking of threads.
//  4. What may take long and is not waiting at a Descriptor (locks held for long, other processes, timers) is not for a loop: a
//     Task says Leave before, and runs on a goroutine of its own until it waits at a Descriptor again. A Task that forgets to
//     does not stop the others: the loop goes on without it after a moment (see patrol).
//
// The package knows nothing of protocols and does no reading or writing itself. A Task of nil Loops is an ordinary call.
package eventloop
