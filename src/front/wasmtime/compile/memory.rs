//! How much memory there is for children.

/// Bytes that the machine, or the container, can give without swapping. `None` where that can't be
/// told.
pub fn available() -> Option<u64> {
    let machine = of_process("/proc/meminfo", "MemAvailable:");
    machine.into_iter().chain(of_container()).min()
}

/// Bytes that the machine, or the container, has at all.
pub fn total() -> Option<u64> {
    let machine = of_process("/proc/meminfo", "MemTotal:");
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let container = container.and_then(|text| text.trim().parse().ok());
    machine.into_iter().chain(container).min()
}

/// Pages of files that were not used lately count as free.
fn of_container() -> Option<u64> {
    let text = |name| std::fs::read_to_string(format!("/sys/fs/cgroup/memory.{name}")).ok();
    let number = |name| text(name)?.trim().parse::<u64>().ok();
    let stat = text("stat")?;
    let files = stat.lines().find_map(|line| line.strip_prefix("inactive_file "));
    let files = files.and_then(|number| number.parse().ok()).unwrap_or(0);
    Some(number("max")?.saturating_sub(number("current")?.saturating_sub(files)))
}

/// A line of a file in `/proc` that tells kibibytes, in bytes.
pub fn of_process(file: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}
