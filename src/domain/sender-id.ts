/**
 * Who a message appears to come from. Networks know three kinds: an E.164 number, a short code, and an alphanumeric name of
 * at most 11 characters (3GPP TS 23.040 §9.1.2.5 has room for 11 septets). A name needs a letter, or it would be a number.
 */
export const senderIdPattern =
  /^(?:\+[1-9]\d{6,14}|\d{3,8}|(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9 _-]{1,11})$/

export function isSenderId(value: string): boolean {
  return senderIdPattern.test(value)
}
