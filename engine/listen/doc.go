// Package listen opens the listeners of an interface list such as "0.0.0.0:6033;[::]:6033;/tmp/proxysql.sock" and hands
// every accepted connection to a handler.
//
//  1. Parse reads the list;
//  2. Set.Apply opens what is new, closes what is gone and leaves the rest alone, so that a changed list takes effect live;
//     connections that were accepted before stay;
//  3. Set.Run accepts, tries again what could not be opened, and at the end closes the listeners and waits for all handlers.
//
// A port is never shared with another process (no SO_REUSEPORT), so a second instance says that the address is in use. The
// package refuses to know what is spoken on a connection.
package listen
