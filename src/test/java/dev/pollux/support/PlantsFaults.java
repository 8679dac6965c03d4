package dev.pollux.support;

import dev.pollux.StrictReport;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Which faults, of those that strict mode names, a test, or each of a class, has on purpose. */
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface PlantsFaults {
    /** Their kinds. */
    StrictReport.Kind[] value();
}
