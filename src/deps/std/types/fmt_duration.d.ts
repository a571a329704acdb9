export declare function format(
  ms: number,
  options?: { readonly style?: "narrow" | "full" | "digital"; readonly ignoreZero?: boolean },
): string;
