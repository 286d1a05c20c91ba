//! What the C library's allocator keeps of memory that the program has freed, which counts as the program's all the same.

#![allow(
    unsafe_code,
    reason = "the allocator's settings are functions of the C library; their arguments are plain numbers"
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
