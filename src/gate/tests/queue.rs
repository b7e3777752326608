use super::*;
use crate::domain::Vin;

fn keys(count: usize) -> Vec<Key> {
    (0..count).map(|n| Key::Vin(Vin::new(&format!("1HGBH41JXMN1{n:05}")).expect("a VIN"))).collect()
}

#[test]
fn all_batches_but_the_last_are_full() {
    let mut queue = Queue::new(keys(45), 20);
    let sizes: Vec<usize> = std::iter::from_fn(|| {
        let taken = queue.take_keys(1);
        (!taken.is_empty()).then_some(taken.len())
    })
    .collect();
    assert_eq!(sizes, [20, 20, 5]);
    assert!(queue.no_more_keys());
}

#[test]
fn jobs_given_away_remember_their_tries() {
    let all = keys(3);
    let mut job = Job { tries: 4, sibling: Some(keys(9)), ..Job::new(all.clone()) };
    let away = job.give_away(|key| *key != all[1]);
    assert_eq!(job.keys, [all[1].clone()]);
    let away: Vec<_> = away.into_iter().map(|job| (job.keys, job.tries, job.sibling)).collect();
    assert_eq!(away, [(vec![all[0].clone()], 4, None), (vec![all[2].clone()], 4, None)]);
    assert!(job.take_sibling().is_some(), "it stays with the rest");
}

#[test]
fn a_left_out_key_is_asked_once_more() {
    let key = keys(1).remove(0);
    let mut queue = Queue::new(Vec::new(), 20);
    assert!(queue.missed(key.clone()));
    assert_eq!(queue.take_keys(1), std::slice::from_ref(&key));
    assert!(!queue.missed(key));
}

/// Plays a vendor that refuses every batch holding the bad key.
fn calls_to_find(bad: usize, size: usize) -> usize {
    let all = keys(size);
    let now = Instant::now();
    let mut queue = Queue::new(Vec::new(), size);
    let mut answered = HashSet::new();
    let mut refused = None;
    let mut calls = 0;
    refused = queue.poisoned(Job::new(all.clone()), now).or(refused);
    while let Some(mut job) = queue.take_due(1, now).pop() {
        calls += 1;
        if job.keys.contains(&all[bad]) {
            refused = queue.poisoned(job, now).or(refused);
        } else {
            answered.extend(job.keys.drain(..));
            queue.answered(job.take_sibling(), now);
        }
    }
    assert_eq!(refused.as_ref(), Some(&all[bad]));
    assert_eq!(answered.len(), size - 1, "every other key is answered");
    calls
}

#[test]
fn one_bad_key_among_twenty_is_found_in_nine_calls() {
    let worst = (0..20).map(|bad| calls_to_find(bad, 20)).max();
    assert!(worst <= Some(9), "{worst:?} calls");
}
