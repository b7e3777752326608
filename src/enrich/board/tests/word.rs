use super::*;

#[test]
fn a_word_takes_24_bytes() {
    assert_eq!(size_of::<Word>(), 24);
}

#[test]
fn remarks_are_kept_once() {
    let mut remarks = Remarks::default();
    let refused = Remark { detail: Some("bad".into()), ..Remark::default() };
    assert_eq!([remarks.place(refused.clone()), remarks.place(refused.clone())], [1, 1]);
    assert_eq!(remarks.place(Remark::default()), 0);
    assert_eq!(remarks.get(1), Some(&refused));
}
