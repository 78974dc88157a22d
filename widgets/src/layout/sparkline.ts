/** A row of numbers as the path of a line that starts at zero, and how far a consumer has come as a share. */
export const sparkline = (values: readonly number[], most: number, width: number, height: number): string => {
  if (values.length === 0) {
    return "";
  }
  const top = Math.max(1, ...values);
  const step = width / Math.max(most - 1, 1);
  const start = width - step * (values.length - 1);
  return values
    .map((value, place) => {
      const x = (start + place * step).toFixed(1);
      const y = (height - 1 - (value / top) * (height - 2)).toFixed(1);
      return `${place === 0 ? "M" : "L"}${x} ${y}`;
    })
    .join(" ");
};

export const share = (position: number, head: number): number =>
  head === 0 ? 1 : Math.min(Math.max(position / head, 0), 1);
