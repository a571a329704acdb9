export declare function format(count: number): string;
