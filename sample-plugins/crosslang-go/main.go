// The five jobs that every language does; ../crosslang.md says exactly what they are.
package main

// A plugin's main is never called: its cases are registered by the init functions.
func main() {}
