// Reads cases as JSON, has each URL parsed as Node's clients do, and prints what came of it.
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const { url } of cases) {
  const found = new URL(url);
  const parts = [found.username, found.password, found.hostname, found.port, found.pathname.slice(1)];
  console.log(JSON.stringify(parts.map(decodeURIComponent)));
}
