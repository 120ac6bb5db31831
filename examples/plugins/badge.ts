// Draws a badge for a user. README.md describes how strings are passed.

@external("env", "log")
declare function log(message: string): void;

// To the plugin, this is an ordinary function, although the host answers later.
@external("env", "lookup")
declare function lookup(key: string): string;

// The host calls this for each request.
export function handle(user: string): string {
  const text = lookup(user + "/name") + ", " + lookup(user + "/city");
  log("the badge of " + user + " has " + text.length.toString() + " letters");
  const line = "+" + "-".repeat(text.length + 2) + "+";
  return line + "\n| " + text + " |\n" + line;
}
