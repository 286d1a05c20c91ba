//! Steps after the first allocate nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use train::{Adadelta, Adagrad, Adam, AdamW, Decoupled, Lion, NAdam, RmsProp, Rule, Sgd, State};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; the counter is on the side.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn steps_after_the_first_allocate_nothing() {
    let sgd = Sgd {
        momentum: 0.9,
        ..Sgd::new(0.1)
    };
    let rms = RmsProp {
        centered: true,
        momentum: 0.5,
        ..RmsProp::new(0.1)
    };
    let rules: [&dyn Rule<f32>; 9] = [
        &sgd,
        &Adam::new(0.1),
        &AdamW::new(0.1),
        &rms,
        &Adagrad::new(0.1),
        &Adadelta::default(),
        &NAdam::new(0.1),
        &Lion::new(0.1),
        &Decoupled {
            rule: Adam::new(0.1),
            weight_decay: 0.1,
        },
    ];
    let (mut value, gradient) = (vec![1.0_f32; 1000], vec![0.5_f32; 1000]);
    for rule in rules {
        let mut state = State::default();
        rule.update(1, &mut state, &mut value, &gradient);
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for step in 2..20 {
            rule.update(step, &mut state, &mut value, &gradient);
        }
        assert_eq!(
            ALLOCATIONS.load(Ordering::Relaxed),
            before,
            "{}",
            rule.name()
        );
    }
}
