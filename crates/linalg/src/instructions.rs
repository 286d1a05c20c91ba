//! Which vector instructions the kernels have here.

/// The vector instructions of this processor: results of kernels have the same bits where these and the architecture are the same.
///
/// ```
/// assert!(!linalg::instructions().is_empty());
/// ```
pub fn instructions() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            return "avx512f";
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return "avx2";
        }
    }
    "basic"
}
