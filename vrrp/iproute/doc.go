// Package iproute sets and removes the routes and policy rules of a configuration, by netlink.
//
//  1. names of tables and protocols are looked up in the files of iproute2;
//  2. Set and Remove may be repeated: what is there already, or is gone already, is no error;
//  3. everything that is set bears Protocol, unless the configuration names another, so that Sweep
//     finds what a killed predecessor has left behind;
//  4. Watch reports what somebody removes.
//
// The package refuses to know when something is to be set. It works in the network namespace of
// the process.
package iproute
