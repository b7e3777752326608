use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;

fn quota(calls: u32, seconds: u64) -> Quota {
    Quota { calls: NonZeroU32::new(calls).expect("not zero"), window: Duration::from_secs(seconds) }
}

#[test]
fn a_full_window_says_when_its_oldest_call_leaves() {
    let limiter = Limiter::new(vec![quota(2, 10)]);
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(limiter.admit(after(0)).map(|w| w[0].remaining), Ok(1));
    assert_eq!(limiter.admit(after(4)).map(|w| w[0].remaining), Ok(0));
    assert_eq!(limiter.admit(after(5)), Err(Duration::from_secs(5)));
    assert_eq!(limiter.admit(after(10)).map(|w| w[0].remaining), Ok(0));
    assert_eq!(limiter.admit(after(11)), Err(Duration::from_secs(3)));
}

#[test]
fn every_window_must_have_room() {
    let limiter = Limiter::new(vec![quota(1, 1), quota(2, 100)]);
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    assert!(limiter.admit(after(0)).is_ok());
    assert_eq!(limiter.admit(after(0)), Err(Duration::from_secs(1)));
    assert!(limiter.admit(after(1)).is_ok());
    assert_eq!(limiter.admit(after(50)), Err(Duration::from_secs(50)));
    assert!(Limiter::new(vec![]).admit(start).is_ok(), "no quota, no limit");
    let forever = Limiter::new(vec![quota(1, u64::MAX)]);
    assert!(forever.admit(start).is_ok() && forever.admit(start).is_err());
}

#[test]
fn waits_are_rounded_up() {
    assert_eq!(whole_seconds(Duration::ZERO), 0);
    assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
    assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
    assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
}

proptest! {
    #[test]
    fn no_window_is_ever_passed(
        gaps in proptest::collection::vec(0_u64..4, 1..200),
        small in 1_u32..5,
        large in 1_u32..20,
    ) {
        let quotas = [quota(small, 3), quota(large, 20)];
        let limiter = Limiter::new(quotas.to_vec());
        let mut now = Instant::now();
        let mut admitted: Vec<Instant> = Vec::new();
        for gap in gaps {
            now += Duration::from_secs(gap);
            if limiter.admit(now).is_ok() {
                admitted.push(now);
            }
            for quota in quotas {
                let within = admitted.iter().filter(|&&call| call + quota.window > now).count();
                prop_assert!(within <= quota.calls.get() as usize);
            }
        }
    }
}
