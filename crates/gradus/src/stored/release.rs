//! Memory that counts as the program's although it does not need it: what the C library's allocator keeps of what was freed, and code.

#![allow(
    unsafe_code,
    reason = "the allocator's settings and the advice about pages are functions of the C library"
)]

/// From now on, large pieces go back to the system when they are freed.
///
/// By default glibc raises the size from which it maps pieces of their own with each such piece that is freed, and keeps the smaller ones
/// for later ones, which may or may not fit in: the most memory of a reader of blocks then varies by a third from run to run.
pub(super) fn give_back_large_pieces() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function takes two numbers, and knows them all; one that it does not like changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 64 << 10);
    }
}

/// Gives back the small pieces too that are free now.
pub(super) fn give_back_all() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function takes the number of bytes to keep, and touches what is free alone, under the allocator's own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Lets go of the pages of the program's code; those that are still needed come back from its file.
///
/// What reads tables is about as large as what fits models, and neither needs the other.
pub(super) fn give_back_code() {
    #[cfg(target_os = "linux")]
    for (start, length) in code() {
        // SAFETY: the pages are those of this program's file, mapped to be read and executed: the program does not write to them, and
        // is linked without relocations of code, as rustc does by default, so a page that is executed again is read from the file as it
        // was. (A debugger's breakpoints would be lost.) A range that is not mapped changes nothing.
        unsafe {
            libc::madvise(start as *mut libc::c_void, length, libc::MADV_DONTNEED);
        }
    }
}

/// No memory in huge pages, which would count whole where a part is used.
pub(super) fn small_pages() {
    #[cfg(target_os = "linux")]
    // SAFETY: the function takes numbers, and changes how memory that is mapped from now on is paged.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
}

/// The bytes of the process that are in memory now, if the system says so (`VmRSS` of `/proc/self/status`).
pub(super) fn resident() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let text = std::fs::read_to_string("/proc/self/status").ok()?;
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes << 10)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Where the program's code is: starts and lengths, or nothing if the system does not say.
#[cfg(target_os = "linux")]
fn code() -> Vec<(usize, usize)> {
    let (Ok(program), Ok(map)) = (
        std::fs::read_link("/proc/self/exe"),
        std::fs::read_to_string("/proc/self/maps"),
    ) else {
        return Vec::new();
    };
    // `start-end permissions offset device inode    path`, by proc_pid_maps(5).
    let range = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (range, permissions) = (words.next()?, words.next()?);
        let own = line.ends_with(program.to_str()?) && permissions == "r-xp";
        let (start, end) = range.split_once('-').filter(|_| own)?;
        let start = usize::from_str_radix(start, 16).ok()?;
        let end = usize::from_str_radix(end, 16).ok()?;
        Some((start, end.checked_sub(start)?))
    };
    map.lines().filter_map(range).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn code_is_found_and_comes_back() {
        let here = code_is_found_and_comes_back as fn() as usize;
        let all = code();
        assert!(
            all.iter()
                .any(|(start, length)| (*start..start + length).contains(&here))
        );
        give_back_all();
        give_back_code();
        assert_eq!(code(), all);
        assert!(resident().unwrap() > 1 << 20);
    }
}
