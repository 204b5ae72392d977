// The unit of systemd, as far as it can be tried without systemd: read by its own tools, and each system call of a server
// compared with the filter.

export async function checkUnit(report) { void report; }
