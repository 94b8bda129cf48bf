// deno-lint-ignore-file no-explicit-any
export declare const Component: any;
export declare const createElement: any;
export declare const createRef: any;
export declare const render: any;
