/** Returns the value that a share of sorted numbers does not exceed; 0 when there is none. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Fits a line to points by least squares: its slope, and the standard deviation of the points from it. */
export function fitLine(points: [x: number, y: number][]): { slope: number; deviation: number } {
  const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const slope = mean(points.map(([x, y]) => (x - meanX) * (y - meanY))) /
    mean(points.map(([x]) => (x - meanX) ** 2));
  const squares = points.map(([x, y]) => (y - meanY - slope * (x - meanX)) ** 2);
  return { slope, deviation: Math.sqrt(mean(squares)) };
}
