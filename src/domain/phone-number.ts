/**
 * A recipient as this gateway takes it: an international number of ITU-T E.164 with its plus sign. E.164 §6 allows at most
 * 15 digits, the country code (which never begins with 0) included; fewer than 7 are no subscriber's number anywhere.
 */
export const phoneNumberPattern = /^\+[1-9]\d{6,14}$/

/** Whether `value` is a number as above: no spaces, no separators, no national prefix. */
export function isPhoneNumber(value: string): boolean {
  return phoneNumberPattern.test(value)
}

/**
 * A number as people write it, abroad or at home: at least four digits, with spaces, dashes, dots, slashes and brackets between
 * them. Which number it is depends on where it is dialled.
 */
export const writtenNumberPattern = /^(?=(?:\D*\d){4})\+?[\d ()./-]{4,39}$/
