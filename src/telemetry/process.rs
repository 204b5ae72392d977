//! Memory, CPU time and open files of this process, as Linux tells them.

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Registry;

use super::sample::{gauge, gauge_value};

/// The ticks of a second in `/proc/self/stat`: 100 on every architecture that this program is built for.
const TICKS_PER_SECOND: f64 = 100.0;

/// The use of this process; each value is `None` where the system does not tell it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessSample {
    pub resident_bytes: Option<u64>,
    pub cpu_seconds: Option<f64>,
    pub open_files: Option<usize>,
}

impl ProcessSample {
    /// Reads the values. Three small reads of `/proc`, which wait for no disk.
    pub fn read() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        Self {
            resident_bytes: resident_bytes(&status),
            cpu_seconds: cpu_seconds(&stat),
            open_files: std::fs::read_dir("/proc/self/fd").ok().map(Iterator::count),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        if let Some(bytes) = self.resident_bytes {
            gauge(registry, "memory_resident_bytes", "Memory of this process", gauge_value(bytes));
        }
        if let Some(files) = self.open_files {
            gauge(registry, "open_files", "Files and connections that this process has open", gauge_value(files));
        }
        if let Some(seconds) = self.cpu_seconds {
            registry.register("cpu_seconds", "CPU time of this process", ConstCounter::new(seconds));
        }
    }
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Reads user and system time: the 14th and 15th field, counted from the command's name, which may have blanks.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?);
    Some((f64::from(user) + f64::from(system)) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_shifts_no_field() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds("7 (a) S 1"), None);
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    12 kB\n"), Some(12_288));
    }

    #[test]
    fn this_process_uses_something() {
        let sample = ProcessSample::read();
        assert!(sample.resident_bytes.is_some_and(|bytes| bytes > 1_000_000), "{sample:?}");
        assert!(sample.open_files.is_some_and(|files| files > 2), "{sample:?}");
        assert!(sample.cpu_seconds.is_some(), "{sample:?}");
    }
}
