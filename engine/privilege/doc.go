// Package privilege decides with which rights the child processes run.
//
//  1. Choose finds the user for them, where the guardian is root;
//  2. HandOver gives that user the files of the data directory;
//  3. Identity.Attr starts a process as that user with the few capabilities it is left with, so
//     that there is no moment at which it has more;
//  4. Keep, in the child, gives up what it got beyond that in some other way: from systemd or from
//     capabilities of the program's file;
//  5. Missing tells what is not there, and Advice how to give it.
//
// The package refuses to know what the processes do.
package privilege
