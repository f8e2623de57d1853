// Package vrrpconf turns the keepalived half of a configuration into typed values.
//
//  1. confparse hands over the lines of all files as one tree of keywords;
//  2. Build walks the root keywords in the order of the text, because keepalived's global
//     defaults act only on what comes after them;
//  3. every block has one table of rules (keyword, least number of words, what it sets), and
//     nothing else decides which keywords exist;
//  4. each instance is completed: defaults, keywords that switch each other off, ranges;
//  5. the instances are compared with one another (duplicate virtual routers).
//
// Errors are what keeps keepalived from starting, and unknown keywords. What keepalived
// corrects or ignores is a warning here and corrected in the same way, so that every file a
// running keepalived was driven by can drive keepsql. What is recognised but not carried out
// yet gives one warning that names it.
//
// The package refuses to know interfaces, users and files of the host: those can change
// while we run, so the speaker looks at them.
package vrrpconf
