// Exact decimals. Amounts never become binary floating point.

// The value is `digits` / 10^`scale`.
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const longest = 120; // characters of one amount

export const zero: Decimal = { digits: 0n, scale: 0 };

// null: the text is no decimal such as "-12.50".
export function parseDecimal(text: string): Decimal | null {
  if (text.length > longest) return null;
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!found) return null;
  const fraction = found[3] ?? "";
  const digits = BigInt((found[2] ?? "0") + fraction);
  return { digits: found[1] === "-" ? -digits : digits, scale: fraction.length };
}

function scaledTo(value: Decimal, scale: number): bigint {
  return value.digits * 10n ** BigInt(scale - value.scale);
}

export function plus(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: scaledTo(a, scale) + scaledTo(b, scale), scale };
}

// Negative, 0 or positive, as a sort wants it.
export function compare(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const difference = scaledTo(a, scale) - scaledTo(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

// All its decimals, without zeros at the end.
export function decimalText(value: Decimal): string {
  const negative = value.digits < 0n;
  const all = (negative ? -value.digits : value.digits).toString().padStart(value.scale + 1, "0");
  const whole = all.slice(0, all.length - value.scale);
  const fraction = value.scale === 0 ? "" : all.slice(all.length - value.scale).replace(/0+$/, "");
  return (negative ? "-" : "") + whole + (fraction === "" ? "" : "." + fraction);
}

// A count of the smallest unit of an asset, in the asset itself: ("6000000000000000", 18) is "0.006".
export function inUnits(smallest: string, decimals: number): string {
  if (!/^-?\d{1,120}$/.test(smallest) || decimals < 0 || decimals > 60) return smallest;
  return decimalText({ digits: BigInt(smallest), scale: decimals });
}

export function sumOf(texts: Iterable<string>): Decimal {
  let sum = zero;
  for (const text of texts) {
    const one = parseDecimal(text);
    if (one) sum = plus(sum, one);
  }
  return sum;
}

// Parts per thousand of `limit` that `used` is, for a bar; never for a figure.
export function share(used: string, limit: string): number {
  const a = parseDecimal(used);
  const b = parseDecimal(limit);
  if (!a || !b || b.digits <= 0n) return 0;
  const scale = Math.max(a.scale, b.scale);
  const thousandths = (scaledTo(a, scale) * 1000n) / scaledTo(b, scale);
  return Number(thousandths > 1000n ? 1000n : thousandths < 0n ? 0n : thousandths);
}
